namespace Loggregator.Terminal;

/// <summary>A field of cells of two by four dots, as braille has them, with the dots of one line.</summary>
internal sealed class BrailleGrid(int columns, int rows)
{
    private static readonly byte[] Bits = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]; // by row, then column, in a cell
    private readonly byte[] _cells = new byte[columns * rows];

    /// <summary>Dots across.</summary>
    public int Width => columns * 2;

    /// <summary>Dots down.</summary>
    public int Height => rows * 4;

    /// <summary>The dots of a cell, as the offset of their character from U+2800.</summary>
    public byte this[int column, int row] => _cells[(row * columns) + column];

    /// <summary>Sets a dot; it must be in the field.</summary>
    public void Set(int x, int y) => _cells[(y / 4 * columns) + (x / 2)] |= Bits[(y % 4 * 2) + (x % 2)];

    /// <summary>Sets the dots between two, and both (Bresenham's line).</summary>
    public void Line(int fromX, int fromY, int toX, int toY)
    {
        var (wide, high) = (Math.Abs(toX - fromX), -Math.Abs(toY - fromY));
        var error = wide + high;
        while (true)
        {
            Set(fromX, fromY);
            if (fromX == toX && fromY == toY)
            {
                return;
            }

            var twice = 2 * error;
            if (twice >= high)
            {
                error += high;
                fromX += Math.Sign(toX - fromX);
            }

            if (twice <= wide)
            {
                error += wide;
                fromY += Math.Sign(toY - fromY);
            }
        }
    }
}
