# Registers a list of applications as OAuth consumers of Teamwork Cloud.

resource "twcloud_oauth_consumer" "this" {
  for_each = var.applications

  name      = each.value.name
  approved  = each.value.approved
  secret_wo = var.secrets[each.key]
}

data "twcloud_oauth_endpoints" "this" {}
