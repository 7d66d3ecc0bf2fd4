"""A Slack bot: every mention in the workspace continues the one conversation that the bot was given at import."""

import os

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from assistant import Assistant

app = App(token=os.environ["SLACK_BOT_TOKEN"])
assistant = Assistant()


@app.event("app_mention")
def mention(event, say):
    say(assistant.answer(event["text"]), thread_ts=event.get("thread_ts", event["ts"]))


if __name__ == "__main__":
    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start()
