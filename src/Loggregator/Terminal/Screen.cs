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
        var raw = Console.OpenStandardOutput();
        var wanted = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new Screen(
            new StreamWriter(raw, bufferSize: 32 * 1024) { AutoFlush = false, NewLine = "\n" },
            raw,
            Console.Error,
            Console.OpenStandardInput(),
            wanted && !Console.IsOutputRedirected,
            wanted && !Console.IsErrorRedirected);
    }

    /// <summary>Writes a notice, dim on a terminal, over the <c>^C</c> that the terminal may have left there.</summary>
    public void Notice(string text) => Error.WriteLine(ErrorColour ? $"\r\e[2m── {text} ──\e[0m" : $"── {text} ──");
}
