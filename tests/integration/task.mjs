// Make some calls with the TypeScript client, one after the other, and print what each answered as a line of JSON.
//
// The only argument is JSON: {generation: 1 or 2 of the client, era: "legacy" or "modern",
// server: {command, args, env} or {url, token}, calls: [[tool, arguments], ...]}. PACKAGES is the folder of the clients.

import { createRequire } from "node:module";
import { join } from "node:path";

const load = createRequire(join(process.env.PACKAGES, "task.cjs"));
const { generation, era, server, calls } = JSON.parse(process.argv[2]);

function packages() {
  if (generation === 2) {
    return { ...load("@modelcontextprotocol/client"), ...load("@modelcontextprotocol/client/stdio") };
  }
  const parts = ["client/index.js", "client/stdio.js", "client/streamableHttp.js"];
  return Object.assign({}, ...parts.map((part) => load(`@modelcontextprotocol/sdk/${part}`)));
}

const { Client, StdioClientTransport, StreamableHTTPClientTransport } = packages();

function transport() {
  if (server.command) return new StdioClientTransport(server);
  const headers = { Authorization: `Bearer ${server.token}` };
  return new StreamableHTTPClientTransport(new URL(server.url), { requestInit: { headers } });
}

const told = (fact) => console.log(JSON.stringify(fact));

const mode = era === "modern" ? { pin: "2026-07-28" } : "legacy";
const client = new Client({ name: "task", version: "1" }, { versionNegotiation: { mode } });
client.onerror = (error) => told({ error: String(error) });
await client.connect(transport());
told({ server: client.getServerVersion(), tools: (await client.listTools()).tools.map((tool) => tool.name) });
for (const [name, args] of calls) {
  told(await client.callTool({ name, arguments: args }));
}
// Generation 1 breaks off its own stream in order to close, and calls that an error.
client.onerror = undefined;
await client.close();
