using Loggregator.Commands;
using Loggregator.Terminal;

return await new CommandLineApp(Screen.OfProcess(), TimeProvider.System).RunAsync(args);
