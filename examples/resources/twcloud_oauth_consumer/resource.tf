variable "doors_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "twcloud_oauth_consumer" "doors" {
  name      = "doors-next"
  secret_wo = var.doors_secret
  approved  = true
}

output "doors_key" {
  value = twcloud_oauth_consumer.doors.key
}
