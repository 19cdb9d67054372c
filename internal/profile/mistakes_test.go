package profile

var mistakesIn = map[string]mistakeIn{}
