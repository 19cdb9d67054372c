import {
  to = twcloud_oauth_consumer.doors
  identity = {
    key = "7ec10d4a5b0c4f0e9a3d2f6b8c1e0a97"
  }
}
