"""The questions. Every answer is a pure function of a snapshot: no clock, no file, no network, no Textual."""
