"""One writer per format; each takes results and answers text, and knows nothing of where it goes."""
