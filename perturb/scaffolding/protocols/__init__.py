"""Call protocols: how a reply's calls are written in text, and read back. One file each."""
