data "twcloud_oauth_consumer" "doors" {
  name = "doors-next"
}

output "doors_key" {
  value = data.twcloud_oauth_consumer.doors.key
}
