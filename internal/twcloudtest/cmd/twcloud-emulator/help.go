package main

const help = `twcloud-emulator emulates a Teamwork Cloud server: its sessions, its OAuth
consumers, its root services and its OAuth 1.0a endpoints. It is for trying out
and testing. What it holds is lost when it stops.

START AN EMULATOR

  twcloud-emulator [serve] [flags]

  Addresses; port 0 is any free port. Only loopback addresses are accepted.
    -rest-address ADDRESS      REST API (127.0.0.1:8111)
    -webapp-address ADDRESS    Web Application Platform (127.0.0.1:8443)
    -control-address ADDRESS   control page and API, without any authentication
                               (127.0.0.1:8112); "off" for none
    -allow-remote              accept addresses that are not loopback.
                               Dangerous: everybody who reaches them knows the
                               passwords, and the control plane needs none.
    -path-prefix /PREFIX       put this in front of every path, as a proxy does
    -rewrite-cookies           have that proxy rewrite the cookies' path, too

  TLS
    -tls                       serve HTTPS with a throw-away authority
    -ca-file FILE              where to write its certificate
                               (twcloud-emulator-ca.pem); removed at the end
    -mutual-tls                demand a client certificate; implies -tls
    -client-cert-file FILE     where to write one (twcloud-emulator-client.pem)
    -client-key-file FILE      and its key (twcloud-emulator-client-key.pem)

  Users, seats, behaviour
    -user NAME:PASSWORD[:TOKEN[:viewer]]
                               a user, in place of admin and viewer; repeatable.
                               "viewer" lacks the permission Configure Server.
    -seats N                   licence seats, one for each session (0: no limit)
    -idle-timeout DURATION     a session ends that long after a call (15m)
    -licence-status STATUS     answer to a login without a free seat, 503 or 403
    -latency DURATION          wait before every answer (0s)
    -server-version TEXT       what /osmc/version answers (2024x Refresh2)
    -legacy-root-services      root services on the REST port, before 2022x R2
    -oauth-consumers-path PATH where the consumers are
                               (/osmc/admin/oauthconsumers)
    -unique-names              refuse a second consumer of the same name
    -consumers N               have N consumers that somebody made by hand
    -quiet                     do not log requests

CHANGE THINGS BEHIND TERRAFORM'S BACK

  In a browser: http://127.0.0.1:8112/. Or from another terminal:

  twcloud-emulator list [-secrets] [-json]
  twcloud-emulator add [-key KEY] [-approved] NAME SECRET
  twcloud-emulator rename CONSUMER NAME
  twcloud-emulator set-secret CONSUMER SECRET
  twcloud-emulator approve CONSUMER...
  twcloud-emulator disapprove CONSUMER...
  twcloud-emulator remove CONSUMER...
  twcloud-emulator requests [-json] [-reset]   the log of the requests
  twcloud-emulator sessions [-json]            who is signed in; how many seats
  twcloud-emulator expire-sessions             as if all had been idle too long
  twcloud-emulator fault [flags] KIND          let requests go wrong
  twcloud-emulator fault -list                 the kinds, and how many to come
  twcloud-emulator fault -clear                no more faults

  CONSUMER is a key, or a name that only one consumer has. A SECRET of - is read
  from the first line of the standard input. Each takes -control-address, too.

  Flags of fault
    -index N         befall the Nth request since the start or requests -reset;
                     otherwise the next one that matches
    -times N         befall that many requests (1; -1: from now on all)
    -server NAME     rest or webapp
    -method METHOD   only requests of this method
    -path-suffix S   only paths that end so
    -retry-after V   the header of that name
    -body TEXT       the body that is answered
    -status N        the status, for answer-with only

EXAMPLES

  twcloud-emulator -tls -seats 2 -consumers 5
  twcloud-emulator disapprove "Requirements tool"
  twcloud-emulator fault -method POST drop-after
  twcloud-emulator fault -times 3 -retry-after 2 too-many-requests
  printf 's3cret\n' | twcloud-emulator set-secret "Requirements tool" -
  twcloud-emulator requests

MORE

  twcloud-emulator -version
  The emulator's OpenAPI document is at /osmc/swagger on the REST API.
`
