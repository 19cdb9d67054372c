output "consumer_keys" {
  description = "Consumer key of each application."
  value       = { for name, consumer in twcloud_oauth_consumer.this : name => consumer.key }
}

output "secret_revisions" {
  description = "How often the secret of each application was set: what depends on a secret can depend on this."
  value       = { for name, consumer in twcloud_oauth_consumer.this : name => consumer.secret_revision }
}

output "endpoints" {
  description = "Where applications ask for tokens."
  value = {
    request_token_url      = data.twcloud_oauth_endpoints.this.request_token_url
    user_authorization_url = data.twcloud_oauth_endpoints.this.user_authorization_url
    access_token_url       = data.twcloud_oauth_endpoints.this.access_token_url
    realm                  = data.twcloud_oauth_endpoints.this.realm
  }
}
