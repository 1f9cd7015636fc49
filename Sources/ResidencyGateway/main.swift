await GatewayCommand.start()
