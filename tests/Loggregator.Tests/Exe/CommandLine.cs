using System.Text;
using Loggregator.Commands;
using Loggregator.Terminal;

namespace Loggregator.Tests.Exe;

/// <summary>Runs a command line in this process.</summary>
internal sealed record CommandLine(int ExitCode, string Out, string Error)
{
    public static async Task<CommandLine> RunAsync(params string[] args)
    {
        var raw = new MemoryStream();
        await using var output = new StreamWriter(raw, new UTF8Encoding(false)) { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        var code = await new CommandLineApp(new Screen(output, raw, error, Stream.Null, false, false), TimeProvider.System).RunAsync(args);
        return new CommandLine(code, Encoding.UTF8.GetString(raw.ToArray()), error.ToString());
    }
}
