# Generates the secret, and keeps it in Vault.
#
# It needs other providers than this one, so that the tests hold its format and
# its syntax only.

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

# Raise it to have another secret generated, stored and set.
variable "doors_secret_version" {
  type    = number
  default = 1
}

# Gives another value on every run: what is sent when is up to the version.
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

# Nobody would know the secret if it were not kept somewhere.
resource "vault_kv_secret_v2" "doors" {
  mount = "secret"
  name  = "twcloud/doors-next"
  data_json_wo = jsonencode({
    consumer_key    = twcloud_oauth_consumer.doors.key
    consumer_secret = ephemeral.random_password.doors.result
  })
  data_json_wo_version = var.doors_secret_version
}
