"""Matrix Synapse, from PyPI: a relying party."""
