"""The shop in Flask: flask --app web run, and a command of its own, flask --app web price tea."""

import click
from flask import Flask, render_template
from orders import total

app = Flask(__name__)


@app.get("/price/<name>")
def price(name: str) -> dict[str, int]:
    return {name: total({name: 1})}


@app.get("/receipt/<name>")
def receipt(name: str) -> str:
    return render_template("receipt.html", order={name: 1}, total=total({name: 1}))


@app.cli.command("price")
@click.argument("name")
def print_price(name: str) -> None:
    print(total({name: 1}))
