output "url" {
  description = "Where the service answers."
  value       = "https://${azurerm_container_app.this.ingress[0].fqdn}"
}
