# Generates the secret and stores it in Vault.
#
# It needs another provider, so tests check only its format and syntax.

terraform {
  required_version = ">= 1.11"

  required_providers {
    twcloud = {
      source = "twcloud-community/twcloud"
    }
    random = {
      source  = "hashicorp/random"
      version = ">= 3.7"
    }
    vault = {
      source = "hashicorp/vault"
    }
  }
}

provider "twcloud" {}

# Raise it to generate, store, and set another secret.
variable "doors_secret_version" {
  type    = number
  default = 1
}

# Returns another value in every run. The version decides when it is sent.
ephemeral "random_password" "doors" {
  length  = 40
  special = false
}

resource "twcloud_oauth_consumer" "doors" {
  name              = "doors-next"
  secret_wo         = ephemeral.random_password.doors.result
  secret_wo_version = var.doors_secret_version
  approved          = true
}

# Without this, nobody would know the secret.
resource "vault_kv_secret_v2" "doors" {
  mount = "secret"
  name  = "twcloud/doors-next"
  data_json_wo = jsonencode({
    consumer_key    = twcloud_oauth_consumer.doors.key
    consumer_secret = ephemeral.random_password.doors.result
  })
  data_json_wo_version = var.doors_secret_version
}
