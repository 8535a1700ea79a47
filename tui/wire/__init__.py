"""Protocol tables that the sources and the demo share."""
