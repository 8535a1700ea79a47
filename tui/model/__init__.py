"""What the program knows of a cluster's objects: the table of kinds, typed projections, and how bytes become objects.

Nothing here does input or output; nothing here imports another room.
"""
