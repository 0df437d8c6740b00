"""What a run has let us know of itself beside its stops: events of our own code inside it, and what we noticed."""

from __future__ import annotations

from dataclasses import dataclass, field

from .errors import StartFailed
from .protocol.messages import Event

# A program that starts hundreds of children is told of in part.
MAX_NEWS = 20
TRACING_LOST = (
    "tracing was off at the end, by sys.settrace or a recursion at its limit (Python before 3.12): "
    "breakpoints after that were passed over"
)


@dataclass
class Findings:
    """Sentences for the agent, by when they are to be told."""

    notes: list[str] = field(default_factory=list)
    """What is to be known of the whole run; told with its exit."""
    news: list[str] = field(default_factory=list)
    """What is to be told with the next answer."""
    unfollowed: list[str] = field(default_factory=list)
    """Children that run without the debugger, and why."""
    seeds: list[str] = field(default_factory=list)
    """Random seeds that were in play, as what repeats them."""
    failure: StartFailed | None = None
    """Why the run is none, as the program itself found out after it had begun."""

    def tell(self, news: str) -> None:
        """Have something told with the next answer."""
        if len(self.news) < MAX_NEWS:
            self.news.append(news)

    def tell_once(self, news: str) -> None:
        """As `tell`, for what may happen thousands of times and is the same each time."""
        if news not in self.news:
            self.tell(news)

    def take_news(self) -> list[str]:
        """What is to be told now; it then has been."""
        news, self.news = self.news, []
        return news

    def take(self, event: Event) -> None:
        """Learn from an event of `debuggee/`; others are passed over."""
        text = str(event.body.get("text", ""))
        if event.name == "mcpDebugTracingLost":
            self._note(TRACING_LOST)
        elif event.name == "mcpDebugNotFollowed" and len(self.unfollowed) < MAX_NEWS:
            self.unfollowed.append(f"{event.body.get('command')} ({event.body.get('reason')})")
        elif event.name == "mcpDebugNote":
            self.tell(text)
        elif event.name == "mcpDebugSeed":
            if text not in self.seeds and len(self.seeds) < MAX_NEWS:
                self.seeds.append(text)
        elif event.name == "mcpDebugStartFailed":
            message = str(event.body.get("message"))
            self.failure = StartFailed(message, hint=str(event.body.get("hint", "")))
            self._note(message)

    def _note(self, text: str) -> None:
        """Every process of a run may say the same."""
        if text not in self.notes and len(self.notes) < MAX_NEWS:
            self.notes.append(text)
