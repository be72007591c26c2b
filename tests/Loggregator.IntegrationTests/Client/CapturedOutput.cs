using System.Text;

namespace Loggregator.IntegrationTests.Client;

/// <summary>Keeps what is written to the console until it is disposed. Tests that use it must not run beside others that write there.</summary>
internal sealed class CapturedOutput : TextWriter
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _text = new();
    private readonly TextWriter _before = Console.Out;

    public CapturedOutput() => Console.SetOut(this);

    public override Encoding Encoding => Encoding.UTF8;

    public string Text
    {
        get
        {
            lock (_lock)
            {
                return _text.ToString();
            }
        }
    }

    public override void Write(char value)
    {
        lock (_lock)
        {
            _text.Append(value);
        }
    }

    public override void Write(string? value)
    {
        lock (_lock)
        {
            _text.Append(value);
        }
    }

    public override void WriteLine(string? value) => Write(value + "\n");

    public override ValueTask DisposeAsync()
    {
        Console.SetOut(_before);
        return base.DisposeAsync();
    }
}
