"""All that knows ZeroMQ: messages, command client and server, state events, frame transport."""
