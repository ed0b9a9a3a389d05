"""The server of a pytest session: what it imports, and what the session itself keeps."""
