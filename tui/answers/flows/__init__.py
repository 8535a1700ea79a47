"""Questions about flows: which ones (filters in the hubble CLI's words), and how they are written down.

``FilterWords`` reads the words, ``matcher`` judges rows by them, ``compact``, ``jsonpb`` and ``document`` write rows.
"""
