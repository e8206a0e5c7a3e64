"""People as this project knows them."""
