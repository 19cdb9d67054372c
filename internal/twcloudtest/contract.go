package twcloudtest

import "sync"

// contract holds requests and answers against the OpenAPI document.
type contract struct {
	mu         sync.Mutex
	violations []string
}

func newContract() (*contract, error) { return &contract{}, nil }

func (c *contract) check(x *exchange, a *answer, faulty bool) {}

// ContractViolations returns what has not conformed to the OpenAPI document so
// far. It is empty without Config.ValidateContract.
func (s *Server) ContractViolations() []string {
	if s.contract == nil {
		return nil
	}
	s.contract.mu.Lock()
	defer s.contract.mu.Unlock()
	return append([]string(nil), s.contract.violations...)
}

func (s *Server) swagger(*exchange) *answer { return newAnswer(200, "application/yaml", nil) }
