print("residency-gateway")
