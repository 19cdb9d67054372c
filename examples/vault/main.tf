# The secret is kept in Vault, by whoever looks after it. Terraform reads it anew
# on every run, and neither plan nor state holds it. When it changes in Vault, the
# next plan shows the next secret_revision.
#
# It needs another provider than this one, so that the tests hold its format and
# its syntax only.

terraform {
  required_version = ">= 1.11"

  required_providers {
    twcloud = {
      source = "twcloud-community/twcloud"
    }
    vault = {
      source = "hashicorp/vault"
    }
  }
}

ephemeral "vault_kv_secret_v2" "doors" {
  mount = "secret"
  name  = "twcloud/doors-next"
}

resource "twcloud_oauth_consumer" "doors" {
  name      = "doors-next"
  secret_wo = ephemeral.vault_kv_secret_v2.doors.data.consumer_secret
  approved  = true
}

output "consumer_key" {
  value = twcloud_oauth_consumer.doors.key
}
