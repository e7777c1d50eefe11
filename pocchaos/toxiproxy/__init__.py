"""The real toxiproxy-server: found or built, started, driven and read back."""
