"""The chat model of every app here: it answers with the words that it was shown, so a reply tells what it remembers."""

import re

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult


class EchoModel(BaseChatModel):
    """Answers `got-1 got-2` when users said `say-1` and `say-2`, so it never takes its own words for theirs."""

    @property
    def _llm_type(self):
        return "echo"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        shown = "\n".join(str(message.content) for message in messages)
        said = sorted(set(re.findall(r"\bsay-(\w+)", shown)))
        # What a summary holds must be as good as the words themselves.
        form = "say-{}" if "Current summary" in shown else "got-{}"
        text = " ".join(map(form.format, said)) or "nothing"
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content=text))])

    def bind_tools(self, tools, **kwargs):
        return self

    def get_num_tokens_from_messages(self, messages, tools=None):
        return sum(len(str(message.content).split()) for message in messages)
