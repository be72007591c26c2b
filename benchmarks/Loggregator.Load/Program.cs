using System.CommandLine;
using Loggregator.Load;
using Loggregator.Load.Reporting;
using Loggregator.Load.Sink;

return await new RootCommand("Open-loop load for any Loggregator endpoint.")
{
    RunCommand.Create(), IdleCommand.Create(), RecentCommand.Create(), SeriesCommand.Create(), CountersCommand.Create(), QueryCommand.Create(), SinkCommand.Create(),
    TableCommand.Create(),
}.Parse(args).InvokeAsync();
