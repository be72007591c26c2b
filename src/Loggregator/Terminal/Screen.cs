using Microsoft.Win32.SafeHandles;

namespace Loggregator.Terminal;

/// <summary>Where a command reads and writes: data to <see cref="Out"/>, notices to <see cref="Error"/>.</summary>
/// <param name="Out">Standard output; buffered, so commands flush at rests.</param>
/// <param name="RawOut">The same as bytes, for what is passed through untouched.</param>
/// <param name="Error">Standard error.</param>
/// <param name="In">Standard input.</param>
/// <param name="Colour">Whether data may carry colours.</param>
/// <param name="ErrorColour">Whether notices may.</param>
internal sealed record Screen(TextWriter Out, Stream RawOut, TextWriter Error, Stream In, bool Colour, bool ErrorColour)
{
    /// <summary>The process's own: colours on a terminal unless <c>NO_COLOR</c> says otherwise.</summary>
    public static Screen OfProcess()
    {
        var raw = StandardOutput();
        var wanted = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new Screen(
            new StreamWriter(raw, bufferSize: 32 * 1024) { AutoFlush = false, NewLine = "\n" },
            raw,
            Console.Error,
            Console.OpenStandardInput(),
            wanted && !Console.IsOutputRedirected,
            wanted && !Console.IsErrorRedirected);
    }

    /// <summary>
    /// The console's own stream takes no notice of a reader that has gone, so that <c>sources --top | head</c> would never end. A file's stream
    /// does, but where it can seek it does not move the position that it shares with the programs before and after.
    /// </summary>
    private static Stream StandardOutput()
    {
        if (OperatingSystem.IsWindows())
        {
            return Console.OpenStandardOutput();
        }

        var file = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return file.CanSeek ? Console.OpenStandardOutput() : file;
    }

    /// <summary>Writes a notice, dim on a terminal, over the <c>^C</c> that the terminal may have left there.</summary>
    public void Notice(string text) => Error.WriteLine(ErrorColour ? $"\r\e[2m── {text} ──\e[0m" : $"── {text} ──");
}
