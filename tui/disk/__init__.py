"""What the program keeps on disk, each file private to the user and written so that a crash leaves the old or the new."""
