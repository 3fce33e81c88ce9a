"""The MCP dialect: what agents reach with their own client. Tools are views; the official SDK speaks the protocol."""
