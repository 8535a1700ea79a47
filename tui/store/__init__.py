"""What the program knows now: objects by kind, the state of each source, and who announced which address when."""
