"""The catalogue of inputs: files of rows, and generated malformed requests."""
