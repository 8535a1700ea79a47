"""Network policies: the one judge of "may A reach B", who enforces what, and what each policy says in words.

``compile_index(snapshot)`` reads every policy once; ``judge`` answers a question on it. NetworkPolicy,
CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy and
ClusterNetworkPolicy are read into the same rules, so that nothing else in the program needs to know their forms.
"""
