using System.Diagnostics;
using Loggregator.TestKit;
using Xunit;

namespace Loggregator.IntegrationTests.Deploy;

/// <summary>Runs a tool of the machine at the root of the source tree, to its end.</summary>
internal static class Tool
{
    /// <summary>Its standard output. When it fails, what it said is the message.</summary>
    public static Task<string> RunAsync(string program, params string[] arguments) => RunAsync([], "", program, arguments);

    /// <inheritdoc cref="RunAsync(string, string[])"/>
    public static async Task<string> RunAsync((string Name, string Value)[] environment, string input, string program, params string[] arguments)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var process = Start(environment, program, arguments);
        var output = process.StandardOutput.ReadToEndAsync(cancel);
        var error = process.StandardError.ReadToEndAsync(cancel);
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancel);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' was cut short ({e.Message}).");
        }

        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' ended with {process.ExitCode}:\n{await output}\n{await error}");
    }

    /// <summary>One that goes on.</summary>
    public static Process Start((string Name, string Value)[] environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
