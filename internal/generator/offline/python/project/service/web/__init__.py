"""HTTP: routes, handlers and the server that carries them."""
