"""One exchange with the target, pure: rendering a request, reading a response, scanning it for canaries."""
