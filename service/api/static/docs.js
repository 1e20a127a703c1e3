// Starts Swagger UI. A file of its own, since the content security policy allows no inline script.
"use strict";

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // The badge would send the address of this service to a validator on the internet.
  validatorUrl: null,
});
