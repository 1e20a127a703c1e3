"""The HTTP interface: routes, edge schemas and problems. Each route makes one call into `service.application`."""
