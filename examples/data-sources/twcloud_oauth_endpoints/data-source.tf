data "twcloud_oauth_endpoints" "this" {}

# What an application needs in addition to its key and secret.
output "oauth" {
  value = {
    request_token_url = data.twcloud_oauth_endpoints.this.request_token_url
    authorization_url = data.twcloud_oauth_endpoints.this.user_authorization_url
    access_token_url  = data.twcloud_oauth_endpoints.this.access_token_url
    realm             = data.twcloud_oauth_endpoints.this.realm
  }
}
