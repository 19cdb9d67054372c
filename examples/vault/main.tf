# Vault stores the secret. Terraform reads it in every run, and it is in neither
# plan nor state. When it changes in Vault, the next plan shows the next
# secret_revision.
#
# It needs another provider, so tests check only its format and syntax.

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

provider "twcloud" {}

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
