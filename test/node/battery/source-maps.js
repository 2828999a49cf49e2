// flags: --enable-source-maps
Error.stackTraceLimit = 3;
require('child_process').spawn('true').on('exit', () => { throw new Error('mapped'); });
//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIm9yaWdpbmFsLnRzIl0sInNvdXJjZXNDb250ZW50IjpbIm9uZVxudHdvXG50aHJlZVxuIl0sIm5hbWVzIjpbXSwibWFwcGluZ3MiOiJBQUFBO0FBQ0E7QUFDQSJ9
