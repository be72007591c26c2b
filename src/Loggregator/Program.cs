using Loggregator.Commands;
using Loggregator.Terminal;

return await new CommandLineApp(Screen.OfProcess(), Loggregator.Pipeline.Flow.FineTimeProvider.Shared).RunAsync(args);
